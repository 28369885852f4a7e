// Jest has no style sheets: importing one, or putting one on the page, does nothing.
module.exports = { __esModule: true, default: () => undefined };
