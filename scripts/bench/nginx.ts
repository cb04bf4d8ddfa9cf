// The yardstick: plain nginx with one worker and proxy_pass.
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, startProcess } from '@weir/testkit'
import { type Target, toTarget } from './target.ts'

export async function startNginx(directory: string, upstreamPort: number): Promise<Target> {
  const port = await freePort()
  const home = join(directory, 'nginx')
  await mkdir(join(home, 'tmp'), { recursive: true })
  // Its worker runs as another user.
  await chmod(directory, 0o755)
  await chmod(join(home, 'tmp'), 0o777)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${home}/tmp/${name};`)
    .join('\n')
  const pass = `proxy_pass http://upstream; proxy_http_version 1.1; proxy_set_header Connection "";`
  await writeFile(
    join(home, 'nginx.conf'),
    `daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
error_log ${home}/error.log warn;
events { worker_connections 4096; }
http {
  access_log off;
${temporary}
  client_max_body_size 0;
  client_body_buffer_size 1m;
  keepalive_requests 1000000;
  upstream upstream { server 127.0.0.1:${upstreamPort}; keepalive 512; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { ${pass} }
    location ~ ^/(burst|paced)/ { ${pass} proxy_buffering off; proxy_read_timeout 600s; }
    location = /ready { return 200; }
  }
}
`,
  )
  const running = await startProcess({
    command: 'nginx',
    args: ['-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')],
    ready: { url: `http://127.0.0.1:${port}/ready` },
  })
  return toTarget('nginx', port, running)
}
