// Package clustersecret keeps the secrets by which hubs prove to each other that they are of one cluster, as a file has them. Secrets
// is the file, one secret a line. It has no goroutine: whoever opens it polls its Watched, and its other methods are
// safe for concurrent use.
package clustersecret
