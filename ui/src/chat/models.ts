/* Whom one can chat with: /v1/models, asked again and again while it is shown. */
import { useQuery } from "@tanstack/react-query";
import { type Api, call } from "@/lib/api";

export type Model = Api<"Model">;

const routes: Record<string, { name: string; what: string }> = {
  janus: { name: "Janus", what: "the champion" },
  "janus-fast": { name: "Janus Fast", what: "the fastest" },
  "janus-cheap": { name: "Janus Cheap", what: "the cheapest" },
};

/** As it is shown: routes by their name, competitors by their slug. */
export const modelName = (id: string): string => routes[id]?.name ?? id.replace(/^janus\//, "");

/** What a route means now. */
export const modelNote = (model: Model): string => {
  const route = routes[model.id];
  if (route === undefined) return "";
  return model.janus.competitor === null ? `${route.what}: nobody yet` : `${route.what}: ${model.janus.competitor}`;
};

export const useModels = () =>
  useQuery({
    queryKey: ["/v1/models"],
    queryFn: () => call<Api<"ModelList">>("/v1/models"),
    refetchInterval: 5000,
  });

const LAST = "janus.chat.model";

/** The model of new chats: the one chosen last. */
export const lastModel = (): string => {
  try {
    return localStorage.getItem(LAST) ?? "janus";
  } catch {
    return "janus";
  }
};

export const rememberModel = (id: string): void => {
  try {
    localStorage.setItem(LAST, id);
  } catch {
    // for this page only
  }
};
