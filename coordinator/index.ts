export { coordinatorSettingsSchema, parseCoordinatorConfig, type CoordinatorConfig, type CoordinatorParts, type CoordinatorSettings } from './config.js';
export { startCoordinator, type CoordinatorHandle } from './service.js';
