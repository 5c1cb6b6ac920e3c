/* standard.h - descriptors 0, 1 and 2 are open.
 * Floor 0. Else the first sockets would get these numbers, and be written reports into. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BASE_STANDARD_H
#define XIE_BASE_STANDARD_H

/* Open /dev/null as each that is closed: for good, and for children too. Three system calls.
 * A /dev/null that cannot be opened is left to whoever meets it. */
void xie_standard_open(void);

#endif
