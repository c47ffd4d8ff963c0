package mix

import "sync"

// prepare makes the tables that the model works with. It is called by whatever
// begins the work, so that programs which never use the model do not pay for it.
var prepare = sync.OnceFunc(func() {
	makeEntropies()
	makeCounterTables()
	makeRunCounters()
	makeNoCounters()
	makeLogistic()
	makeRoots()
	makeWindowLogs()
	makeGuideLogs()
})
