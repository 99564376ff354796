import { extentOf, type Extent } from '../run/extent';
import { parseMarkerSet, type MarkerSet } from '../run/marker_set';
import { Runner } from '../scene/runner';
import { cameraPyramids, floor } from '../scene/surroundings';
import type { Segments } from '../scene/segments';
import type { Colours } from '../scene/colours';
import type { TrialClient } from '../trial/client';
import * as THREE from 'three';

/** A trial that is open on the page: its file, and what stands for it in the picture. */
export class OpenTrial {
  readonly set: MarkerSet | null;
  readonly extent: Extent;
  readonly runner: Runner;
  readonly scene = new THREE.Scene();
  private ground: THREE.Group;
  private pyramids: Segments;

  constructor(readonly client: TrialClient, colours: Colours) {
    const { head } = client;
    this.set = head.markerSet ? parseMarkerSet(head.markerSet) : null;
    this.extent = extentOf(head);
    this.runner = new Runner(head, this.set, colours);
    this.ground = floor(this.extent, colours);
    this.pyramids = cameraPyramids(head.cameras, colours);
    this.pyramids.object.visible = false;
    this.scene.add(this.runner.group, this.ground, this.pyramids.object);
  }

  get head() {
    return this.client.head;
  }

  setColours(colours: Colours): void {
    this.runner.setColours(colours, this.head.labels, this.set);
    const [showsFloor, showsCameras] = [this.ground.visible, this.pyramids.object.visible];
    this.scene.remove(this.ground, this.pyramids.object);
    this.ground = floor(this.extent, colours);
    this.pyramids = cameraPyramids(this.head.cameras, colours);
    this.scene.add(this.ground, this.pyramids.object);
    this.showSurroundings(showsFloor, showsCameras);
  }

  showSurroundings(showsFloor: boolean, showsCameras: boolean): void {
    this.ground.visible = showsFloor;
    this.pyramids.object.visible = showsCameras && this.head.cameras.length > 0;
  }

  setSize(width: number, height: number): void {
    this.pyramids.setResolution(width, height);
  }

  close(): void {
    this.client.close();
    this.runner.dispose();
  }
}
