typedef int guest_placeholder;
