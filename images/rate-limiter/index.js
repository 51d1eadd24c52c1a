// A stand-in for learnk8s/rate-limiter, written anew: `node index.js N` serves N requests in each second; a request past that waits
// and tries again after 1, 2, 4, ... seconds.
'use strict';
const http = require('node:http');

const limit = Number(process.argv[2] ?? process.env.MAX_RPS ?? 10);
const port = Number(process.env.PORT ?? 8080);
const WINDOW_MS = 1000;
const WAIT_MAX_MS = 64_000;

if (!Number.isFinite(limit) || limit <= 0) {
  console.error(`the first argument must be a number of requests a second, not "${process.argv[2]}"`);
  process.exit(1);
}

let windowStart = 0;
let served = 0;
let total = 0;
let waiting = 0;

/** Takes one of the second's places, if there is one left. */
function admit() {
  const now = Date.now();
  if (now - windowStart >= WINDOW_MS) {
    windowStart = now - (now % WINDOW_MS);
    served = 0;
  }
  if (served >= limit) return false;
  served++;
  return true;
}

function answer(response, waitMs) {
  if (response.destroyed) return;
  if (admit()) {
    total++;
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('OK\n');
    return;
  }
  waiting++;
  setTimeout(() => {
    waiting--;
    answer(response, Math.min(waitMs * 2, WAIT_MAX_MS));
  }, waitMs);
}

function metrics() {
  return [
    '# HELP http_requests_total Requests answered.', '# TYPE http_requests_total counter', `http_requests_total ${total}`,
    '# HELP http_requests_waiting Requests held back.', '# TYPE http_requests_waiting gauge', `http_requests_waiting ${waiting}`,
    '',
  ].join('\n');
}

const server = http.createServer((request, response) => {
  if (request.url === '/metrics') {
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
    return response.end(metrics());
  }
  return answer(response, WINDOW_MS);
});
server.listen(port, '0.0.0.0', () => console.log(`serving ${limit} requests a second on port ${port}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 3000).unref();
  });
}
