/* SPDX-License-Identifier: GPL-3.0-or-later. A program that has panicked, for ./bootstrap demo. */
struct node {
    int value;
    int left, right; /* places in the table; 0: none */
};

static struct node tree[] = {{0, 0, 0}, {8, 2, 3}, {3, 4, 5}, {10, 0, 6},
                             {1, 0, 0}, {6, 0, 0}, {14, 0, 0}};
int visited;

__attribute__((noinline)) static int sum(int place, int depth)
{
    struct node *n = &tree[place];
    int total = n->value;
    visited++;
    if (n->left)
        total += sum(n->left, depth + 1);
    if (n->right)
        total += sum(n->right, depth + 1);
    return total; /* a leaf is summed here */
}

int entry(void)
{
    int all = sum(1, 0);
    return all - visited;
}
