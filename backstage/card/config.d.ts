export interface Config {
  goldenpath?: {
    /**
     * Address of the operator's page as people reach it, such as https://goldenpath.example.com/. The card links
     * to the page of its service. Without it, the card has no link.
     * @visibility frontend
     */
    pageUrl?: string;
  };
}
