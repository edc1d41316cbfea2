/* The metrics, for programs that ask the control socket instead of HTTP. */
#include "service/control.h"
#include "service/metrics.h"

#include <stdlib.h>

static void answer_metrics(struct control_connection *connection, const json_t *request)
{
    size_t length;
    char *text = metrics_text(control_server(connection), &length);

    (void)request;
    control_reply(connection, json_pack("{s:s, s:s%}", "reply", "metrics", "text", text, length));
    control_end(connection);
    free(text);
}

const struct control_request control_request_metrics = {"metrics", answer_metrics};
