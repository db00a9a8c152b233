/* The three diagrams: how Janus is built, what a call of the platform goes through, and what a pod can reach. */
import { Arrow, Box, Region, Words } from "@/board/enter/draw";

export function Architecture() {
  return (
    <>
      <Box x={20} y={12} w={130} h={50} title="Clients" lines={["SDKs, curl, this page"]} />
      <Box x={175} y={12} w={130} h={50} title="janus-bench" lines={["suites, evidence"]} />
      <Box x={330} y={12} w={130} h={50} title="janusctl" lines={["operators, miners"]} />
      <Arrow points={[[85, 62], [85, 100]]} />
      <Arrow points={[[240, 62], [240, 100]]} />
      <Arrow points={[[395, 62], [395, 100]]} />

      <Box x={20} y={100} w={440} h={82} title="janusd" lines={["gateway · queues · champion · supervisor", "submissions · schedules · events · artifacts"]} tone="ours" />
      <Box x={20} y={212} w={130} h={46} title="SQLite" lines={["every step, first"]} />
      <Arrow points={[[85, 182], [85, 212]]} />
      <Box x={330} y={212} w={130} h={46} title="Engine" lines={["Docker or Podman"]} />
      <Arrow points={[[395, 182], [395, 212]]} />

      <Arrow points={[[240, 182], [240, 316]]} both />
      <Words x={248} y={232} anchor="start">
        chats, over
      </Words>
      <Words x={248} y={248} anchor="start">
        a unix socket
      </Words>
      <Region x={20} y={284} w={440} h={94} title="Pod: loopback only" tone="theirs" />
      <Box x={40} y={316} w={150} h={48} title="janus-link" lines={["opens connections"]} tone="ours" />
      <Box x={215} y={316} w={225} h={48} title="Competitor" lines={["any image, port 8080"]} tone="theirs" />
      <Arrow points={[[190, 340], [215, 340]]} both />

      <Arrow points={[[328, 364], [328, 412]]} />
      <Words x={320} y={397} anchor="end">
        127.0.0.1:8600, passed out by its link
      </Words>
      <Box x={20} y={412} w={440} h={56} title="janus-platform" lines={["policy · budgets · provider keys · metering"]} tone="platform" />
      <Arrow points={[[85, 468], [85, 498]]} />
      <Arrow points={[[240, 468], [240, 498]]} />
      <Arrow points={[[395, 468], [395, 498]]} />
      <Box x={20} y={498} w={130} h={46} title="Models" lines={["of a provider"]} />
      <Box x={175} y={498} w={130} h={46} title="Web, search" lines={["allowed domains"]} />
      <Box x={330} y={498} w={130} h={46} title="Sandboxes" lines={["janus-sandboxd"]} />
    </>
  );
}

const lanes: [number, string][] = [
  [50, "Client"],
  [146, "janusd"],
  [242, "Competitor"],
  [337, "Platform"],
  [430, "Provider"],
];
const [CLIENT, JANUSD, COMPETITOR, PLATFORM, PROVIDER] = lanes.map(([x]) => x) as [number, number, number, number, number];

const messages: [number, number, number, string, boolean?][] = [
  [CLIENT, JANUSD, 84, "chat"],
  [JANUSD, COMPETITOR, 124, "chat, x-request-id"],
  [COMPETITOR, PLATFORM, 164, "call, the same id"],
  [PLATFORM, JANUSD, 204, "does that chat run there?"],
  [JANUSD, PLATFORM, 238, "yes", true],
  [PLATFORM, PROVIDER, 318, "call, with its key"],
  [PROVIDER, PLATFORM, 354, "answer, usage", true],
  [PLATFORM, COMPETITOR, 422, "answer, cost", true],
  [COMPETITOR, JANUSD, 462, "events as they come", true],
  [JANUSD, CLIENT, 498, "unchanged", true],
];

export function Sequence() {
  return (
    <>
      {lanes.map(([x, name]) => (
        <g key={name}>
          <line x1={x} x2={x} y1={48} y2={540} strokeDasharray="3 5" className="stroke-line-2" />
          <Box x={x - 44} y={12} w={88} h={36} title={name} tone={name === "janusd" ? "ours" : name === "Competitor" ? "theirs" : name === "Platform" ? "platform" : "plain"} />
        </g>
      ))}
      {messages.map(([from, to, y, words, answer]) => (
        <g key={words}>
          <Arrow points={[[from, y], [to, y]]} dashed={answer} />
          <rect x={(from + to) / 2 - words.length * 3.2} y={y - 19} width={words.length * 6.4} height={15} className="fill-card" />
          <Words x={(from + to) / 2} y={y - 7}>
            {words}
          </Words>
        </g>
      ))}
      <Box x={247} y={258} w={180} h={34} title="policy, budget: held" tone="platform" />
      <Box x={247} y={372} w={180} h={28} title="counted, recorded" tone="platform" />
    </>
  );
}

export function Egress() {
  return (
    <>
      <Region x={20} y={12} w={440} h={104} title="Pod: a network namespace with loopback, and nothing else" tone="theirs" />
      <Box x={40} y={44} w={170} h={54} title="Competitor" lines={["own user, no capability"]} tone="theirs" />
      <Box x={270} y={44} w={170} h={54} title="127.0.0.1:8600" lines={["a listener of its own"]} tone="platform" />
      <Arrow points={[[210, 71], [270, 71]]} />

      <Arrow points={[[62, 98], [62, 158]]} blocked />
      <Arrow points={[[126, 98], [126, 158]]} blocked />
      <Arrow points={[[190, 98], [190, 158]]} blocked />
      <Box x={20} y={174} w={84} h={46} title="Internet" tone="bad" dashed />
      <Box x={112} y={174} w={64} h={46} title="Host" tone="bad" dashed />
      <Box x={184} y={174} w={72} h={46} title="Pods" tone="bad" dashed />
      <Words x={138} y={242}>
        No route, no name server:
      </Words>
      <Words x={138} y={258}>
        nothing to be filtered.
      </Words>

      <Arrow points={[[355, 98], [355, 174]]} />
      <Words x={346} y={150} anchor="end">
        who calls is
      </Words>
      <Words x={346} y={165} anchor="end">
        its listener
      </Words>
      <Box x={276} y={174} w={184} h={84} title="janus-platform" lines={["is it in the policy?", "is there budget?", "is the address public?"]} tone="platform" />

      <Arrow points={[[330, 258], [330, 304], [130, 304], [130, 356]]} />
      <Words x={230} y={297} strong>
        no
      </Words>
      <Arrow points={[[400, 258], [400, 356]]} />
      <Words x={408} y={310} anchor="start" strong>
        yes
      </Words>
      <Box x={20} y={356} w={220} h={54} title="403 egress_denied" lines={["or 429, where a budget ends"]} tone="bad" />
      <Box x={276} y={356} w={184} h={54} title="Models, search, web" lines={["sandboxes, vectors"]} />
      <Arrow points={[[130, 410], [130, 474]]} />
      <Arrow points={[[368, 410], [368, 474]]} />
      <Box x={20} y={474} w={440} h={60} title="Recorded" lines={["every call, allowed or not: janusctl list egress"]} tone="ours" />
    </>
  );
}
