declare module 'medius:trial-worker' {
  const TrialWorker: new () => Worker;
  export default TrialWorker;
}
