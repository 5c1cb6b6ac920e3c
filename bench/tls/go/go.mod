module tlsecho

go 1.19
