export { renderHtml } from './html.js';
export { renderTerminal, terminalOptions, type TerminalOptions } from './terminal.js';
