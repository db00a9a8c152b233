/* How it works: the steps, the rules, how scores come about, what is required, and what people ask. */
import { Baselines } from "@/board/enter/Baselines";
import { BenchGuide } from "@/board/enter/BenchGuide";
import { Diagrams } from "@/board/enter/Diagrams";
import { Faq } from "@/board/enter/Faq";
import { Requirements } from "@/board/enter/Requirements";
import { Scoring } from "@/board/enter/Scoring";
import { Steps } from "@/board/enter/Steps";
import { TheRules } from "@/board/enter/TheRules";

export default function Rules() {
  return (
    <div className="grid gap-4">
      <Steps />
      <TheRules />
      <Scoring />
      <Requirements />
      <Diagrams />
      <BenchGuide />
      <Baselines />
      <Faq />
    </div>
  );
}
