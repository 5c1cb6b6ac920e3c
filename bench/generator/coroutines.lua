-- coroutines.lua - generator: the next value, by Lua's coroutines.
-- SPDX-License-Identifier: MIT
local times, each = 1000000, {}
for round = 1, 5 do
    local value = coroutine.wrap(function()
        local i = 0
        while true do
            coroutine.yield(i)
            i = i + 1
        end
    end)
    local start = os.clock()
    for _ = 1, times do
        value()
    end
    each[round] = (os.clock() - start) / times * 1e9
end
table.sort(each)
print(string.format("next %.2f ns", each[3]))
