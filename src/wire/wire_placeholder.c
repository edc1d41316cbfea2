typedef int wire_placeholder;
