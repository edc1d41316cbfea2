/* What a line on a machine's serial console says about its boot. Pure. */
#ifndef BOOTWIRE_DECIDE_CONSOLE_EVENT_H
#define BOOTWIRE_DECIDE_CONSOLE_EVENT_H

#include "model/step.h"

#include <stdbool.h>

/* STEP_CONSOLE_LOGIN for a prompt that asks for a login, STEP_CONSOLE_PANIC for the last words of a
 * kernel, or of firmware that stops; else STEP_NOTED. `text` is a line as console_text_take() gives
 * it; `whole`: it is complete. A prompt is not. */
enum step_event console_event_find(const char *text, bool whole);

#endif
