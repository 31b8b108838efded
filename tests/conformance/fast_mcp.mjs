// A server of the Model Context Protocol made with FastMCP, a kit that others
// wrote: over standard input and output, or with the argument "http" over HTTP
// (at /mcp) and HTTP+SSE (at /sse), at a port that it chooses.

import {FastMCP, UserError} from 'fastmcp';
import {z} from 'zod';

const server = new FastMCP({name: 'fast', version: '1.0.0'});
server.addTool({
  name: 'add',
  description: 'The sum of two numbers',
  parameters: z.object({a: z.number(), b: z.number()}),
  execute: async ({a, b}) => String(a + b),
});
server.addTool({
  name: 'now',
  description: 'Takes no arguments',
  execute: async () => 'noon',
});
server.addTool({
  name: 'fail',
  description: 'Fails',
  parameters: z.object({}),
  execute: async () => {
    throw new UserError('it did not work');
  },
});
server.addTool({
  name: 'report',
  description: 'Reports progress before it answers',
  parameters: z.object({}),
  execute: async (_, {log, reportProgress}) => {
    log.info('half done');
    await reportProgress({progress: 1, total: 2});
    return {content: [{type: 'text', text: 'done'}]};
  },
});

if (process.argv[2] === 'http') {
  await server.start(
      {transportType: 'httpStream', httpStream: {port: 0, host: '127.0.0.1'}});
} else {
  await server.start({transportType: 'stdio'});
}
