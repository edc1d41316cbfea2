/* Carries Ethernet frames between a packet socket and QEMU's `-netdev socket`, where there is no
 * tap device for it: each frame in QEMU's stream has four bytes of length before it (big endian).
 */
#ifndef BOOTWIRE_GUEST_RELAY_H
#define BOOTWIRE_GUEST_RELAY_H

struct loop;
struct relay;

/* Carries frames in the loop's thread until relay_free(). Both descriptors stay the caller's; they
 * must not block. What the network does not take at once is lost, as on a wire; what QEMU does not
 * take waits. */
struct relay *relay_new(struct loop *loop, int frames, int stream);
/* NULL is allowed. */
void relay_free(struct relay *relay);

#endif
