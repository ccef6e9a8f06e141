// Greets whoever says who they are. What is returned is freed by the generated code: every string is a copy.

#include <stdlib.h>
#include <string.h>

#include "campaign_plugin.h"

typedef exports_guanxi_plugin_campaign_moment_t moment_t;
typedef exports_guanxi_plugin_campaign_decision_t decision_t;
typedef exports_guanxi_plugin_campaign_message_t message_t;
typedef exports_guanxi_plugin_campaign_operation_t operation_t;
typedef campaign_plugin_string_t string_t;

static bool equals(const string_t *string, const char *text) {
  return string->len == strlen(text) && memcmp(string->ptr, text, string->len) == 0;
}

static string_t copy(const string_t *string) {
  string_t result = {malloc(string->len), string->len};
  if (!result.ptr && string->len) abort();
  memcpy(result.ptr, string->ptr, string->len);
  return result;
}

// {"name": "…"}, with what JSON does not allow inside a text escaped.
static string_t variables(const string_t *name) {
  static const char open[] = "{\"name\":\"", close[] = "\"}", hex[] = "0123456789abcdef";
  uint8_t *out = malloc(sizeof open + sizeof close + 6 * name->len), *end = out;
  if (!out) abort();
  end = (uint8_t *)memcpy(end, open, sizeof open - 1) + sizeof open - 1;
  for (size_t i = 0; i < name->len; i++) {
    uint8_t byte = name->ptr[i];
    if (byte < 0x20) {
      const uint8_t escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
      end = (uint8_t *)memcpy(end, escape, sizeof escape) + sizeof escape;
    } else {
      if (byte == '"' || byte == '\\') *end++ = '\\';
      *end++ = byte;
    }
  }
  end = (uint8_t *)memcpy(end, close, sizeof close - 1) + sizeof close - 1;
  return (string_t){out, (size_t)(end - out)};
}

static string_t name_of(const exports_guanxi_plugin_campaign_profile_t *person) {
  for (size_t i = 0; i < person->fields.len; i++) {
    guanxi_plugin_types_field_t *field = &person->fields.ptr[i];
    if (equals(&field->name, "name") && field->value.tag == GUANXI_PLUGIN_TYPES_VALUE_TEXT) return field->value.val.text;
  }
  return (string_t){(uint8_t *)"friend", 6};
}

static void because(decision_t *decision, const char *reason) {
  decision->reasons.ptr = calloc(1, sizeof(string_t));
  if (!decision->reasons.ptr) abort();
  decision->reasons.len = 1;
  campaign_plugin_string_dup(&decision->reasons.ptr[0], reason);
}

static void decide_one(const moment_t *moment, decision_t *decision) {
  decision->state.is_some = moment->state.is_some;
  if (moment->state.is_some) decision->state.val = copy(&moment->state.val);
  if (!equals(&moment->event.kind, "identify")) {
    because(decision, "not an introduction");
    return;
  }
  operation_t *send = calloc(1, sizeof *send);
  if (!send) abort();
  send->tag = EXPORTS_GUANXI_PLUGIN_CAMPAIGN_OPERATION_SEND;
  message_t *message = &send->val.send;
  message->content.tag = EXPORTS_GUANXI_PLUGIN_CAMPAIGN_CONTENT_INLINE;
  campaign_plugin_string_dup(&message->content.val.inline_, "{\"text\":\"Hello {{name}}!\"}");
  string_t name = name_of(&moment->person);
  message->variables = variables(&name);
  message->class_ = EXPORTS_GUANXI_PLUGIN_CAMPAIGN_MESSAGE_CLASS_MARKETING;
  campaign_plugin_string_dup(&message->purpose, "marketing");
  decision->operations.ptr = send;
  decision->operations.len = 1;
  because(decision, "somebody new");
}

void exports_guanxi_plugin_campaign_decide(exports_guanxi_plugin_campaign_json_t *config,
                                           exports_guanxi_plugin_campaign_list_moment_t *moments,
                                           exports_guanxi_plugin_campaign_list_result_decision_failure_t *answers) {
  answers->ptr = calloc(moments->len, sizeof *answers->ptr);
  if (!answers->ptr && moments->len) abort();
  answers->len = moments->len;
  for (size_t i = 0; i < moments->len; i++) decide_one(&moments->ptr[i], &answers->ptr[i].val.ok);
  campaign_plugin_string_free(config);
  exports_guanxi_plugin_campaign_list_moment_free(moments);
}
