/* What `bootwire run` and the server beside it tell each other of a guest's serial console, one
 * byte each. */
#ifndef BOOTWIRE_MODEL_CONSOLE_ORDER_H
#define BOOTWIRE_MODEL_CONSOLE_ORDER_H

enum console_order {
    CONSOLE_BREAK = 'b', /* to the run: the guest gets a break */
    CONSOLE_OTHER = 'o', /* to the run: somebody else writes, not its terminal */
    CONSOLE_OWN = 'w',   /* to the run: its terminal writes; to the server: it takes over */
    CONSOLE_LEFT = 'l',  /* to the server: no key will come from the terminal any more */
};

#endif
