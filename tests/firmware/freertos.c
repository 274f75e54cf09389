/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FreeRTOS's data: structures with the names, members, order and sizes of list.h, tasks.c and
 * queue.c. INTEGRITY, NO_MINI, TICKS16 and MPU select configurations; MPU is the number of words of
 * its settings, CORES the number of cores, SKEW the number of words that a stack's top is off its
 * alignment. PAD bytes follow each control block, as if the stacks were between them.
 */
#include "kernel.h"

void *memset(void *to, int value, unsigned long n);

#ifndef SKEW
#define SKEW 0
#endif

typedef long BaseType_t;
typedef unsigned long UBaseType_t;
#ifdef TICKS16
typedef uint16_t TickType_t;
#else
typedef uint32_t TickType_t;
#endif
#define MAX_DELAY ((TickType_t)-1)
#define PRIORITIES 7

#ifdef INTEGRITY
#define GUARD(n) TickType_t xListItemIntegrityValue##n;
#define LIST_GUARD(n) TickType_t xListIntegrityValue##n;
#else
#define GUARD(n)
#define LIST_GUARD(n)
#endif

struct xLIST;
struct xLIST_ITEM {
    GUARD(1)
    TickType_t xItemValue;
    struct xLIST_ITEM *pxNext;
    struct xLIST_ITEM *pxPrevious;
    void *pvOwner;
    struct xLIST *pxContainer;
    GUARD(2)
};
typedef struct xLIST_ITEM ListItem_t;

#ifdef NO_MINI
typedef struct xLIST_ITEM MiniListItem_t;
#else
struct xMINI_LIST_ITEM {
    GUARD(1)
    TickType_t xItemValue;
    struct xLIST_ITEM *pxNext;
    struct xLIST_ITEM *pxPrevious;
};
typedef struct xMINI_LIST_ITEM MiniListItem_t;
#endif

typedef struct xLIST {
    LIST_GUARD(1)
    volatile UBaseType_t uxNumberOfItems;
    ListItem_t *pxIndex;
    MiniListItem_t xListEnd;
    LIST_GUARD(2)
} List_t;

typedef struct tskTaskControlBlock {
    volatile uintptr_t *pxTopOfStack;
#ifdef MPU
    uint32_t xMPUSettings[MPU];
#endif
#ifdef CORES
    UBaseType_t uxCoreAffinityMask;
#endif
    ListItem_t xStateListItem;
    ListItem_t xEventListItem;
    UBaseType_t uxPriority;
    uintptr_t *pxStack;
#ifdef CORES
    volatile BaseType_t xTaskRunState;
    UBaseType_t uxTaskAttributes;
#endif
    char pcTaskName[16];
    UBaseType_t uxTCBNumber;
    UBaseType_t uxTaskNumber;
    UBaseType_t uxBasePriority;
    UBaseType_t uxMutexesHeld;
    volatile uint32_t ulNotifiedValue[3];
    volatile uint8_t ucNotifyState[3];
#ifdef PAD
    uint8_t padding[PAD];
#endif
} TCB_t;

typedef struct QueueDefinition {
    int8_t *pcHead;
    int8_t *pcWriteTo;
    union {
        struct {
            int8_t *pcTail;
            int8_t *pcReadFrom;
        } xQueue;
    } u;
    List_t xTasksWaitingToSend;
    List_t xTasksWaitingToReceive;
    volatile UBaseType_t uxMessagesWaiting;
    UBaseType_t uxLength;
    UBaseType_t uxItemSize;
} xQUEUE;

typedef struct QUEUE_REGISTRY_ITEM {
    const char *pcQueueName;
    xQUEUE *xHandle;
} xQueueRegistryItem;

#ifdef CORES
TCB_t *volatile pxCurrentTCBs[CORES];
volatile int second_may_start;
#define pxCurrentTCB pxCurrentTCBs[0]
#define RUNS_ON(task, core) ((task)->xTaskRunState = (core))
#else
TCB_t *volatile pxCurrentTCB;
#define RUNS_ON(task, core)
#endif
static List_t pxReadyTasksLists[PRIORITIES];
static List_t xDelayedTaskList1, xDelayedTaskList2;
static List_t *volatile pxDelayedTaskList, *volatile pxOverflowDelayedTaskList;
static List_t xPendingReadyList, xTasksWaitingTermination, xSuspendedTaskList;
static volatile UBaseType_t uxCurrentNumberOfTasks;
static volatile BaseType_t xSchedulerRunning;
static UBaseType_t uxTaskNumber;
xQueueRegistryItem xQueueRegistry[4];

static TCB_t blocks[TASKS] __attribute__((aligned(8)));
static xQUEUE rx_queue;

static void init_list(List_t *l)
{
    ListItem_t *end = (ListItem_t *)&l->xListEnd;
    l->pxIndex = end;
    l->xListEnd.xItemValue = MAX_DELAY;
    l->xListEnd.pxNext = l->xListEnd.pxPrevious = end;
#ifdef INTEGRITY
    l->xListIntegrityValue1 = l->xListIntegrityValue2 = (TickType_t)0x5a5a5a5a;
    l->xListEnd.xListItemIntegrityValue1 = (TickType_t)0x5a5a5a5a;
#endif
}

static void insert_end(List_t *l, ListItem_t *item)
{
    ListItem_t *index = l->pxIndex;
    item->pxNext = index;
    item->pxPrevious = index->pxPrevious;
    index->pxPrevious->pxNext = item;
    index->pxPrevious = item;
    item->pxContainer = l;
    l->uxNumberOfItems++;
}

static void take_out(ListItem_t *item)
{
    if (item->pxContainer == 0)
        return;
    item->pxNext->pxPrevious = item->pxPrevious;
    item->pxPrevious->pxNext = item->pxNext;
    item->pxContainer->uxNumberOfItems--;
    item->pxContainer = 0;
}

static void init_lists(void)
{
    for (unsigned i = 0; i < PRIORITIES; i++)
        init_list(&pxReadyTasksLists[i]);
    init_list(&xDelayedTaskList1);
    init_list(&xDelayedTaskList2);
    init_list(&xPendingReadyList);
    init_list(&xTasksWaitingTermination);
    init_list(&xSuspendedTaskList);
    init_list(&rx_queue.xTasksWaitingToSend);
    init_list(&rx_queue.xTasksWaitingToReceive);
    pxDelayedTaskList = &xDelayedTaskList1;
    pxOverflowDelayedTaskList = &xDelayedTaskList2;
    xQueueRegistry[1].pcQueueName = "rx";
    xQueueRegistry[1].xHandle = &rx_queue;
}

static void make_ready(TCB_t *t)
{
    take_out(&t->xStateListItem);
    take_out(&t->xEventListItem);
    insert_end(&pxReadyTasksLists[t->uxPriority], &t->xStateListItem);
}

void kernel_create(unsigned i, const char *name, unsigned priority, uintptr_t *stack)
{
    TCB_t *t = &blocks[i];
    if (i == 0)
        init_lists();
    memset(stack, 0xa5, WORDS * sizeof *stack);
    for (unsigned n = 0; n < sizeof t->pcTaskName - 1 && (t->pcTaskName[n] = name[n]) != 0; n++)
        ;
    t->xStateListItem.pvOwner = t->xEventListItem.pvOwner = t;
    t->uxPriority = t->uxBasePriority = priority;
    if (i == SPINNER) /* holds a mutex that a task of priority 1 waits for */
        t->uxBasePriority = 0;
    t->pxStack = stack;
    t->uxTCBNumber = ++uxTaskNumber;
    uxCurrentNumberOfTasks++;
    RUNS_ON(t, -1);
    t->pxTopOfStack = first_context(stack + WORDS - SKEW, task, (void *)(uintptr_t)i);
    make_ready(t);
}

void kernel_start(void)
{
    pxCurrentTCB = &blocks[MAIN];
    RUNS_ON(&blocks[MAIN], 0);
    xSchedulerRunning = 1;
#ifdef CORES
    pxCurrentTCBs[1] = &blocks[SECOND];
    RUNS_ON(&blocks[SECOND], 1);
    __sync_synchronize();
    second_may_start = 1;
#endif
    start_first();
}

/* The list of each task while the first one runs. */
void kernel_park(unsigned i)
{
    TCB_t *t = &blocks[i];
    List_t *to = &pxReadyTasksLists[t->uxPriority];
    take_out(&t->xStateListItem);
    if (i == QUEUE_WAIT) {
        t->xStateListItem.xItemValue = 1000;
        to = pxDelayedTaskList;
        insert_end(&rx_queue.xTasksWaitingToReceive, &t->xEventListItem);
    } else if (i == FOREVER) {
        to = &xSuspendedTaskList;
        insert_end(&rx_queue.xTasksWaitingToSend, &t->xEventListItem);
    } else if (i == SUSPENDED || i == NOTIFIED) {
        to = &xSuspendedTaskList;
        t->ucNotifyState[2] = i == NOTIFIED;
    }
    insert_end(to, &t->xStateListItem);
}

void kernel_wake_all(void)
{
    for (unsigned i = 0; i < TASKS; i++)
        make_ready(&blocks[i]);
}

/* Round robin, not by priority: every task must run before the first one runs again. */
void kernel_next(void)
{
    unsigned i = (unsigned)(pxCurrentTCB - blocks) + 1;
#ifdef CORES
    i += i == SECOND;
#endif
    RUNS_ON(pxCurrentTCB, -1);
    pxCurrentTCB = &blocks[i % TASKS];
    RUNS_ON(pxCurrentTCB, 0);
}
