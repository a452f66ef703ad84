// Hocuspocus as its documentation starts it, on the port of the environment.
import { Server } from '@hocuspocus/server';

await new Server({ address: '127.0.0.1', port: Number(process.env.PORT), quiet: true }).listen();
