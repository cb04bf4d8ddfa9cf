export { compileExpr, type CompiledExpr, type Lookup, type ParsedExpr } from './compile.ts'
