/* What helps where a submission was rejected: a sentence by its reason, and the page that says more. */

const advice: Record<string, string> = {
  invalid_reference: "Write the image as host/path:tag or host/path@sha256:….",
  image_not_found: "Push the image, or build it on the gateway's machine, then submit it again.",
  image_auth: "The registry wants a login: let the operator log the gateway in, or make the image public.",
  registry_unreachable: "Check the registry's name, and that the gateway can reach it.",
  registry_busy: "The registry asks to wait again and again. Submit it later, or from another registry.",
  invalid_archive: "Make the archive anew with docker save.",
  archive_missing: "The archive is not there any more. Send it again.",
  wrong_architecture: "Build the image for the architecture of the gateway's machine.",
  invalid_manifest: "Correct janus.json, or the manifest above.",
  image_refused: "Correct the image as it is said above, then submit it again.",
  start_refused: "Correct the image as it is said above, then submit it again.",
  exited: "The program ended by itself. Its last lines say why.",
  crash_loop: "The program ends again and again. Its last lines say why.",
  not_listening: "Listen on the manifest's port (8080 if it names none), on every address.",
  not_healthy: "GET /health must answer 200 in time, within 30 s of the start at the latest.",
  not_conforming: "Mend what the failed check says; its page explains what is asked and why.",
  no_valid_completion: "POST /v1/chat/completions must answer as the OpenAI API does.",
  endpoint_unreachable: "Start the endpoint, and check that the gateway can reach its address.",
};

export const adviceFor = (reason: string | null): string | null => (reason === null ? null : (advice[reason] ?? null));

/** Where a fault lies, in words. */
export const faultWords: Record<string, string> = {
  miner: "The image has to be mended.",
  client: "What was submitted has to be corrected.",
  platform: "It is not the image's fault: the platform had trouble. Submit it again.",
  upstream: "It is not the image's fault: a registry or another service had trouble.",
};
