// What a gateway takes for Google's Gemini API: streams a text and two calls,
// each with a thought signature, and answers once their results and both
// signatures have come back.

import {createServer} from 'node:http';

const signature = (city) => `signature-of-${city}`;

function callOf(city) {
  return {
    functionCall: {name: 'weather', args: {city}},
    thoughtSignature: signature(city),
  };
}

function partsFor(body) {
  const parts = (body.contents ?? []).flatMap((each) => each.parts ?? []);
  if (!parts.some((each) => each.functionResponse)) {
    return [[{text: 'Hel'}], [{text: 'lo'}], [callOf('Oslo')], [callOf('Rome')]];
  }
  const text = JSON.stringify(body);
  const back = ['Oslo', 'Rome'].filter((city) => text.includes(signature(city)));
  return [[{text: `signatures back: ${back.length}`}]];
}

function chunkOf(parts, isLast) {
  return {
    candidates: [{
      content: {role: 'model', parts},
      index: 0,
      ...(isLast ? {finishReason: 'STOP'} : {}),
    }],
    usageMetadata: {
      promptTokenCount: 3,
      candidatesTokenCount: 2,
      totalTokenCount: 5,
    },
    modelVersion: 'g',
  };
}

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = JSON.parse(Buffer.concat(parts).toString() || '{}');
  const chunks = partsFor(body);
  if (!request.url.includes('streamGenerateContent')) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(chunkOf(chunks.flat(), true)));
    return;
  }
  response.setHeader('content-type', 'text/event-stream');
  chunks.forEach((each, i) => {
    const chunk = chunkOf(each, i + 1 === chunks.length);
    response.write(`data: ${JSON.stringify(chunk)}\r\n\r\n`);
  });
  response.end();
}).listen(0, '127.0.0.1');
