/* Steps that another process tells: `run` knows when its guests are switched on and off, which no
 * packet says. One JSON object a line: event (a name of model/step.h), hardware (a MAC address),
 * host, got (in words). */
#ifndef BOOTWIRE_SERVICE_STEP_FEED_H
#define BOOTWIRE_SERVICE_STEP_FEED_H

struct server;
struct step_feed;

/* Reads from the descriptor in the control loop until its end; it stays the caller's. What is no
 * such line is ignored. */
struct step_feed *step_feed_new(struct server *server, int descriptor);
/* NULL is allowed. */
void step_feed_free(struct step_feed *feed);

#endif
