typedef int platform_placeholder;
