/** Backstage's packages are ES modules: swc turns them into what Jest loads, and Jest keeps the result. */
module.exports = {
  testEnvironment: 'jest-environment-jsdom',
  roots: ['<rootDir>/src'],
  setupFiles: ['<rootDir>/jest.setup.cjs'],
  transform: {
    '\\.(jsx?|mjs|tsx?)$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic' } },
        },
      },
    ],
  },
  transformIgnorePatterns: [],
  moduleNameMapper: { '\\.(css|svg|png)$|style-inject': '<rootDir>/jest.styles.cjs' },
};
