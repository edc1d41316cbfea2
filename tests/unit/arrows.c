/* The program that arrows.sh looks into: it does nothing, and holds wire, model and decide whole.
 */
int main(void)
{
    return 0;
}
