export { compileTemplate, type CompiledTemplate } from './compile.ts'
