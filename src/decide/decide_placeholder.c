typedef int decide_placeholder;
