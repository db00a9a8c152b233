/*
 * vision.c - names of models that see.
 */
#include "baseline/agent/vision.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* In lower case, after the last slash of a name. */
static const char *const seeing[] = { "gpt-4o*", "gpt-4.1*", "gpt-4-turbo*", "gpt-5*", "o1",
	"o1-2*", "o3", "o3-2*", "o4*", "claude-3*", "claude-*-4*", "gemini-*", "gemma-3*",
	"gemma3*", "*-vl*", "*vl:*", "*vision*", "llava*", "bakllava*", "moondream*", "minicpm-v*",
	"pixtral*", "llama-4*", "llama4*", "mistral-small-3*", "internvl*", "phi-*-multimodal*" };

bool
vision_wanted(const cJSON *request)
{
	const cJSON *message, *part;

	json_for_each(message, json_get(request, "messages"))
		json_for_each(part, json_get(message, "content"))
			if (str_eq(json_str(part, "type"), "image_url"))
				return true;
	return false;
}

bool
vision_sees(const char *model)
{
	const char *slash = model != NULL ? strrchr(model, '/') : NULL;
	char name[96];

	if (model == NULL)
		return false;
	snprintf(name, sizeof(name), "%s", slash != NULL ? slash + 1 : model);
	for (char *c = name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	for (size_t i = 0; i < ARRAY_LEN(seeing); i++)
		if (str_glob(seeing[i], name))
			return true;
	return false;
}

const char *
vision_choose(const char *configured, const char *model, const cJSON *list)
{
	const cJSON *each;

	if (configured != NULL)
		return configured;
	if (vision_sees(model))
		return model;
	json_for_each(each, json_get(list, "data"))
		if (vision_sees(json_str(each, "id")))
			return json_str(each, "id");
	return NULL;
}
