import benchmarks.exchange as b, sys, resource
b.measure("answers",3,b.answers); sys.stdout.flush()
b.measure("answers",200,b.answers); sys.stdout.flush()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024)
