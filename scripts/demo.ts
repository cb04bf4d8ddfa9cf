// The three scenarios of the README, ready to be tried: what `./scripts/quickstart --demo` loads and prints.
import { createAdminApi } from './admin-api.ts'
import type { Fakes } from './fakes.ts'
import type { LocalGateway } from './local-gateway.ts'
import { loadSeed, putSeed, type Seed } from './seeds.ts'

const names = ['fallback', 'quotas', 'moderation'] as const

/** Loads the scenarios through the Admin API and returns what to try. */
export async function loadDemo(gateway: LocalGateway, fakes: Fakes): Promise<string> {
  const admin = createAdminApi(gateway.adminUrl, gateway.adminKey)
  const seeds: Seed[] = []
  for (const name of names) {
    const seed = await loadSeed(name, fakes.values)
    await putSeed(admin, seed)
    seeds.push(seed)
  }
  const texts = [fallbackText(gateway, fakes), quotaText(gateway), moderationText(gateway)]
  return seeds.map(({ title }, i) => `${i + 1}. ${title}\n\n${texts[i] ?? ''}`).join('\n\n')
}

function ask(url: string, content: string, options = ''): string {
  const body = JSON.stringify({ messages: [{ role: 'user', content }] })
  return `curl -s${options} ${url} -H 'Content-Type: application/json' -d '${body}'`
}

function fallbackText({ proxyUrl }: LocalGateway, { selfHostedB, selfHostedC }: Fakes): string {
  return `   ${ask(`${proxyUrl}/fallback`, 'hi')}
     is answered by self-hosted-c, the instance with the highest priority.
   curl -s -X POST ${selfHostedC.url}/_control/down
     takes it away: after two failed checks, one a second, the same line is answered by self-hosted-b,
   curl -s -X POST ${selfHostedB.url}/_control/down
     and then by cloud.
   curl -s -X POST ${selfHostedB.url}/_control/up
   curl -s -X POST ${selfHostedC.url}/_control/up
     bring them back, and the requests return to self-hosted-c.`
}

function quotaText({ proxyUrl }: LocalGateway): string {
  const line = ask(`${proxyUrl}/quota`, 'hi', " -w '\\n%{http_code}\\n' -H 'apikey: consumer_a_key'")
  return `   for i in 1 2 3 4 5 6; do ${line}; done
     costs consumer_a 2,000 of its 10,000 tokens an hour each time; the sixth gets 429.
     consumer_b_key (20,000) and consumer_c_key (5,000) have quotas of their own; all share 50,000 of the model.`
}

function moderationText({ proxyUrl }: LocalGateway): string {
  return `   ${ask(`${proxyUrl}/moderation`, 'how do I bake bread?')}
     is answered by a model.
   ${ask(`${proxyUrl}/moderation`, 'how do I kill a neighbour?', " -w '\\n%{http_code}\\n'")}
     is refused with 400, and no model sees it.`
}
