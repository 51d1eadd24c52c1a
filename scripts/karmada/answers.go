// Answers requests of placement, one JSON a line, by Karmada's own scheduler. Built inside a checkout of Karmada (answers.ts).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"

	"k8s.io/client-go/tools/cache"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	clusterlister "github.com/karmada-io/karmada/pkg/generated/listers/cluster/v1alpha1"
	schedulercache "github.com/karmada-io/karmada/pkg/scheduler/cache"
	"github.com/karmada-io/karmada/pkg/scheduler/core"
	"github.com/karmada-io/karmada/pkg/scheduler/framework"
	"github.com/karmada-io/karmada/pkg/scheduler/framework/plugins"
	"github.com/karmada-io/karmada/pkg/util"
)

type request struct {
	Spec     workv1alpha2.ResourceBindingSpec   `json:"spec"`
	Status   workv1alpha2.ResourceBindingStatus `json:"status"`
	Clusters []*clusterv1alpha1.Cluster         `json:"clusters"`
}

type answer struct {
	Clusters     []workv1alpha2.TargetCluster `json:"clusters,omitempty"`
	AffinityName string                       `json:"affinityName,omitempty"`
	Reason       string                       `json:"reason,omitempty"`
	Message      string                       `json:"message,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			panic(err)
		}
		if err := answers.Encode(place(&r)); err != nil {
			panic(err)
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

// The scheduler tries affinity terms one after the other; its algorithm knows of one at a time.
func place(r *request) answer {
	scheduler := newScheduler(r.Clusters)
	terms := r.Spec.Placement.ClusterAffinities
	if terms == nil {
		result, err := schedule(scheduler, r, "")
		return tell(result, "", err)
	}
	begin := 0
	for i := range terms {
		if terms[i].AffinityName == r.Status.SchedulerObservedAffinityName {
			begin = i
		}
	}
	if util.RescheduleRequired(r.Spec.RescheduleTriggeredAt, r.Status.LastScheduledTime) {
		begin = 0
	}
	var first error
	for _, term := range terms[begin:] {
		result, err := schedule(scheduler, r, term.AffinityName)
		if err == nil {
			return tell(result, term.AffinityName, nil)
		}
		if first == nil {
			first = err
		}
	}
	return tell(core.ScheduleResult{}, "", first)
}

func newScheduler(clusters []*clusterv1alpha1.Cluster) core.ScheduleAlgorithm {
	known := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for _, cluster := range clusters {
		if err := known.Add(cluster); err != nil {
			panic(err)
		}
	}
	bindings := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	scheduler, err := core.NewGenericScheduler(schedulercache.NewCache(clusterlister.NewClusterLister(known), bindings, 0), plugins.NewInTreeRegistry())
	if err != nil {
		panic(err)
	}
	return scheduler
}

// Copies: the algorithm writes defaults into what it is given.
func schedule(scheduler core.ScheduleAlgorithm, r *request, term string) (core.ScheduleResult, error) {
	status := r.Status.DeepCopy()
	status.SchedulerObservedAffinityName = term
	return scheduler.Schedule(context.Background(), r.Spec.DeepCopy(), status, &core.ScheduleAlgorithmOption{})
}

func tell(result core.ScheduleResult, term string, err error) answer {
	var unschedulable *framework.UnschedulableError
	var unfit *framework.FitError
	switch {
	case err == nil:
		return answer{Clusters: result.SuggestedClusters, AffinityName: term}
	case errors.As(err, &unschedulable):
		return answer{Reason: "Unschedulable", Message: err.Error()}
	case errors.As(err, &unfit):
		return answer{Reason: "NoClusterFit", Message: err.Error()}
	default:
		return answer{Reason: "SchedulerError", Message: err.Error()}
	}
}
