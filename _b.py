import benchmarks.exchange as b, sys, resource
b.measure("answers",1,b.answers); sys.stdout.flush()
b.measure("rows",1,b.rows); sys.stdout.flush()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024)
