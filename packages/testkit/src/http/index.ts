export {
  type BodyPart,
  type Ending,
  RawExchange,
  type RawRequest,
  rawRequest,
  type RawResponse,
} from './client.ts'
export { postJson } from './post-json.ts'
