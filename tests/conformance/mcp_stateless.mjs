// A server of the Model Context Protocol in its revision of 2026-07-28, made
// with the protocol's own kit: over standard input and output, or with the
// argument "http" over HTTP, at a port that it chooses and prints.

import {createServer} from 'node:http';

import {
  McpServer,
  acceptedContent,
  createMcpHandler,
  inputRequired,
} from '@modelcontextprotocol/server';
import {serveStdio} from '@modelcontextprotocol/server/stdio';
import {z} from 'zod';

function makeServer() {
  const server = new McpServer({name: 'stateless', version: '1.0.0'});
  server.registerTool(
      'add', {
        description: 'The sum of two numbers',
        inputSchema: z.object({a: z.number(), b: z.number()}),
      },
      ({a, b}) => ({content: [{type: 'text', text: String(a + b)}]}));
  server.registerTool(
      'fail', {description: 'Fails', inputSchema: z.object({})}, () => {
        throw new Error('it did not work');
      });
  server.registerTool(
      'ask', {description: 'Asks who', inputSchema: z.object({})},
      (_, context) => {
        const given = acceptedContent(
            context.mcpReq.inputResponses, 'who', z.object({name: z.string()}));
        if (given) return {content: [{type: 'text', text: given.name}]};
        const requestedSchema = {
          type: 'object',
          properties: {name: {type: 'string'}},
          required: ['name'],
        };
        const who = inputRequired.elicit({message: 'Who?', requestedSchema});
        return inputRequired({inputRequests: {who}});
      });
  return server;
}

async function answer(handler, request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const url = 'http://' + request.headers.host + request.url;
  const body = parts.length ? Buffer.concat(parts) : undefined;
  const got = await handler.fetch(
      new Request(url, {method: request.method, headers: request.headers, body}));
  response.writeHead(got.status, Object.fromEntries(got.headers));
  if (got.body) {
    for await (const part of got.body) response.write(part);
  }
  response.end();
}

if (process.argv[2] === 'http') {
  const handler = createMcpHandler(makeServer, {legacy: 'reject'});
  const server = createServer((request, response) => {
    answer(handler, request, response).catch((why) => {
      response.destroy(why);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}/mcp`);
  });
} else {
  serveStdio(makeServer);
}
