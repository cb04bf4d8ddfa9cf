export { moderationAnswer, type RiskLevel, riskOf } from './answer.ts'
export { type AliyunCall, type AliyunFault, type AliyunServer, startAliyunServer } from './server.ts'
