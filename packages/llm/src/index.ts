export * from './usage.ts'
export type * from './protocols/protocol.ts'
export { detectProtocol } from './protocols/detect.ts'
export { clientProtocols, protocolNamed } from './protocols/index.ts'
export { modelAsked } from './protocols/models-path.ts'
export { openaiChat } from './protocols/openai-chat.ts'
export { openaiResponses } from './protocols/openai-responses.ts'
export { passthrough } from './protocols/passthrough.ts'
export { routeProtocol } from './converters/index.ts'
export {
  type Conversion,
  ConversionError,
  type ConvertedRequest,
  type ReplyConversion,
} from './converters/conversion.ts'
export { StreamConverter } from './converters/stream-converter.ts'
export { findProvider, providerNames } from './providers/index.ts'
export type { MaxTokensMember, PathFacts, Provider, ProviderConf } from './providers/provider.ts'
export { defaultPort, type Endpoint, hostHeader, parseEndpoint } from './providers/endpoint.ts'
export { addMessages, addMessagesToPieces, type PromptMessage } from './prompts/additions.ts'
export { wholeConversationOf } from './prompts/conversation.ts'
export { patternComplaint } from './screening/pattern.ts'
export { createScreen, type ScreeningRules, type Verdict } from './screening/screen.ts'
export { lastMembers } from './answer/last-member.ts'
export { cutPieces, totalBytes } from './large/cut-pieces.ts'
export { JsonCollector, wholeJsonBytesMax } from './large/json-collector.ts'
export { LongJson, longText } from './large/long-json.ts'
export { readConversation, readTexts, screenPieces } from './large/text-thread.ts'
export { BodyShaper, type ShapedBody, type ShapingRules } from './shaping/body-shaper.ts'
export { FrameWatch } from './stream/frame-watch.ts'
export { StreamWatch, textLengthMax, type Watch } from './stream/stream-watch.ts'
export { SseSplitter, sseCarryBytesMax } from './transport/sse-splitter.ts'
export { encodeSseEvent, parseSseEvent } from './transport/sse-event.ts'
export {
  answersBound,
  completionBound,
  modelsMax,
  type Prompt,
  TokenEstimator,
} from './estimate/token-estimator.ts'
export { encodeFrame, FrameSplitter } from './transport/event-frames.ts'
