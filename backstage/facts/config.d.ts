export interface Config {
  techInsights?: {
    factRetrievers?: {
      /** Facts about services on their golden paths. Without this entry, nothing is retrieved. */
      goldenpath?: {
        /** When to read, as a cron expression. */
        cadence: string;
      };
    };
  };
}
