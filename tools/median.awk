#!/usr/bin/awk -f
# median.awk - of several runs' lines NAME VALUE UNIT: each name's median, least and most.
# SPDX-License-Identifier: MIT
# A name may have blanks: the value is the last field but one.
NF >= 3 {
    name = $1
    for (i = 2; i < NF - 1; i++)
        name = name " " $i
    if (!(name in count))
        order[++names] = name
    value[name, ++count[name]] = $(NF - 1)
    unit[name] = $NF
}

END {
    for (n = 1; n <= names; n++) {
        name = order[n]
        m = count[name]
        for (i = 2; i <= m; i++)
            for (j = i; j > 1 && value[name, j - 1] + 0 > value[name, j] + 0; j--) {
                swap = value[name, j]
                value[name, j] = value[name, j - 1]
                value[name, j - 1] = swap
            }
        printf "  %-28s %12s %-12s (%s to %s)\n", name, value[name, int((m + 1) / 2)],
               unit[name], value[name, 1], value[name, m]
    }
}
