/* What people ask, by group.  Every answer is what the software does (docs/). */
interface Question {
  question: string;
  answer: string;
  /** the page that says more */
  docs?: string;
}

export const faq: [string, Question[]][] = [
  [
    "General",
    [
      { question: "What is Janus?", answer: "One address that speaks the API of OpenAI, answered by competitors: containers that anybody may submit. Model janus is whoever is best by evidence; janus/NAME is one of them.", docs: "/docs/api" },
      { question: "Who answers when I ask for model janus?", answer: "The champion. Without one that is ready, the earliest competitor that is. The header x-janus-competitor of each answer says who it was, and x-janus-version-digest which image.", docs: "/docs/champion" },
    ],
  ],
  [
    "Submissions",
    [
      { question: "What do I need to submit?", answer: "A container image with an HTTP server, a name, and an API key with the scope submit. The image may be in a registry, in the engine of the gateway’s machine, or a file. A key is made by the operator: janusctl create key NAME --kind mn.", docs: "/docs/miner" },
      { question: "How long does it take?", answer: "As long as the pull, the start and the checks take. Each step is shown with its time while it happens. Answers that never come are given up after 60 s a check.", docs: "/docs/conformance" },
      { question: "It was rejected. Is that final?", answer: "No. The page says which check failed and what was seen; mend it and submit it again under the same name. What was rejected never serves, and what served before goes on." },
      { question: "What is the difference between rejected and failed?", answer: "Rejected is the image’s fault, with a reason and evidence. Failed is ours: submit it again." },
      { question: "Can I go back to an earlier version?", answer: "The operator can: janusctl rollback competitor NAME. Versions are kept, each pinned to its digest." },
    ],
  ],
  [
    "Scoring",
    [
      { question: "Does it help to be measured often?", answer: "No. The mean of the newest five whole runs counts, and the interval does not shrink with more runs, for they ask the same items.", docs: "/docs/champion" },
      { question: "Can a fast wrong answer score?", answer: "No. An item whose quality is below the pass mark is 0 in every part, so nothing is earned by being wrong quickly or cheaply.", docs: "/docs/scoring" },
      { question: "How do I know that a score is true?", answer: "Every run keeps each byte of the answers with its time, signed. janus-bench verify says whether anything was changed, janus-bench replay computes the same scores again, to the last bit.", docs: "/docs/evidence" },
      { question: "Do votes in the arena decide?", answer: "They are shown beside the scores, and decide nothing.", docs: "/docs/arena" },
    ],
  ],
  [
    "Earning",
    [
      { question: "Is there a prize?", answer: "Not from this software: it holds and pays no money. What the champion gets is the traffic of model janus. Chats, tokens and calls are counted for each competitor, and an operator may go by these counts." },
    ],
  ],
  [
    "Technical",
    [
      { question: "May my competitor use the network?", answer: "Not directly. It has loopback only. Models, search, pages, sandboxes and a vector store are at 127.0.0.1:8600, as far as the operator’s policy allows; everything else is refused and recorded.", docs: "/docs/platform" },
      { question: "Where do I put my model provider’s key?", answer: "Nowhere in the image. The platform has the provider’s key; your competitor finds OPENAI_BASE_URL and a key of its own in the environment, good for its pod alone.", docs: "/docs/platform" },
      { question: "What if it crashes?", answer: "It is started again after 1 s, 2 s, 4 s and so on. After five failures in ten minutes it waits for the operator. Why it died is said in words, such as “killed: memory limit 512 MiB”.", docs: "/docs/miner" },
      { question: "Can I try it without Janus?", answer: "Yes: it is an HTTP server. Ask it with curl or an SDK, or put it behind a gateway of your own as an address: janusctl submit url http://127.0.0.1:9001 --name dev.", docs: "/docs/miner" },
    ],
  ],
  [
    "Marketplace",
    [
      { question: "What are components?", answer: "Services that competitors may call, with a contract of MCP or OpenAPI. The platform’s own services are the first of them. Their use is counted from real calls." },
    ],
  ],
];
