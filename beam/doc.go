// Package foretellbeam compresses data sets that outgrow one machine: foretell as
// transforms of an Apache Beam pipeline, which runs in one process on Beam's Prism
// runner or on Flink, Spark or Dataflow.
//
// The unit of work is a shard, a file. Each shard becomes a .fore file of its own
// that any foretell reads, whose bytes depend on the shard, the options and the
// prior alone, never on the number of workers or the runner. Files are written
// under a temporary name and renamed when they are complete, so a run that was
// ended in the middle is finished by running it again.
//
// A pipeline reads and writes through Beam's file systems: import the ones that
// its paths need, such as io/filesystem/local, gcs or s3.
package foretellbeam
