/* stack.c - the calls a suspended task stands in.
 * libdwfl follows the frames; a task is a thread to it, whose registers are those that the switch
 * has put into the task's record. */
/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <stdio.h>
#include <string.h>

enum { FRAMES_MOST = 100 };

struct walk {
    struct process *process;
    uint64_t registers[3]; /* pc, sp, frame pointer */
    unsigned frames;
};

/* DWARF's numbers of what the switch saves; pc -1: it has none. */
static const struct {
    int machine, pc, sp, fp;
} numbers[] = {{EM_X86_64, 16, 7, 6}, {EM_AARCH64, -1, 31, 29}, {EM_RISCV, -1, 2, 8}};

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread)
{
    pid_t first = *thread ? 0 : 1; /* there is one, which we call 1 */
    (void)dwfl;
    *thread = arg;
    return first;
}

static bool get_thread(Dwfl *dwfl, pid_t id, void *arg, void **thread)
{
    (void)dwfl, (void)id;
    *thread = arg;
    return true;
}

static bool read_word(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *word, void *arg)
{
    struct walk *walk = arg;
    (void)dwfl;
    return process_read(walk->process, address, word, sizeof *word);
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
    struct walk *walk = arg;
    GElf_Ehdr header;
    Dwarf_Addr bias;
    Dwfl_Module *module = dwfl_addrmodule(walk->process->dwfl, walk->registers[0]);
    Elf *elf = module ? dwfl_module_getelf(module, &bias) : NULL;
    if (!elf || !gelf_getehdr(elf, &header))
        return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].machine != header.e_machine)
            continue;
        if (numbers[i].pc >= 0)
            dwfl_thread_state_registers(thread, numbers[i].pc, 1, &walk->registers[0]);
        else
            dwfl_thread_state_register_pc(thread, walk->registers[0]);
        return dwfl_thread_state_registers(thread, numbers[i].sp, 1, &walk->registers[1]) &&
               dwfl_thread_state_registers(thread, numbers[i].fp, 1, &walk->registers[2]);
    }
    return false;
}

static int print_frame(Dwfl_Frame *frame, void *arg)
{
    struct walk *walk = arg;
    Dwarf_Addr pc;
    bool exact;
    if (!dwfl_frame_pc(frame, &pc, &exact))
        return DWARF_CB_ABORT;
    Dwarf_Addr inside = exact ? pc : pc - 1; /* a return address: the call is before it */
    Dwfl_Module *module = dwfl_addrmodule(walk->process->dwfl, inside);
    const char *name = module ? dwfl_module_addrname(module, inside) : NULL;
    Dwfl_Line *line = module ? dwfl_module_getsrc(module, inside) : NULL;
    int number = 0;
    const char *file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
    if (name && !strcmp(name, "xie_switch_start"))
        return DWARF_CB_ABORT; /* the bottom of every task's stack */
    printf("        %s", name ? name : "?");
    if (file)
        printf(" (%s:%d)", file, number);
    putchar('\n');
    return ++walk->frames < FRAMES_MOST ? DWARF_CB_OK : DWARF_CB_ABORT;
}

void stack_print(struct process *process, const struct task *task)
{
    static const Dwfl_Thread_Callbacks callbacks = {.next_thread = next_thread,
                                                    .get_thread = get_thread,
                                                    .memory_read = read_word,
                                                    .set_initial_registers = set_registers};
    static struct walk walk; /* libdwfl is told of it once */
    uint16_t at = process->map.task.registers;
    if (task->runs || !at) {
        puts(task->runs ? "        (it runs)" : "        (not with this fallback switch)");
        return;
    }
    bool known = walk.process;
    walk = (struct walk){.process = process};
    process_read(process, task->address + at, walk.registers, sizeof walk.registers);
    if (!known && !dwfl_attach_state(process->dwfl, NULL, process->pid, &callbacks, &walk))
        printf("        (%s)\n", dwfl_errmsg(-1));
    dwfl_getthread_frames(process->dwfl, 1, print_frame, &walk);
    if (!walk.frames)
        printf("        (%s)\n", dwfl_errmsg(-1));
}
