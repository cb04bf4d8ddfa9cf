// Stands apart so that the plugin and what it is made of can both say it.
export const pluginName = 'ai-lakera-guard'
